// Package app wires the gateway together and owns its life: it opens what can
// fail before it says that it listens, and stops in reverse order.
package app
