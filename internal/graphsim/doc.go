// Package graphsim is a Microsoft Graph v1.0 and Microsoft login with in-memory
// directories behind them, as an http.Handler. It is strict where Graph is
// strict: what the documentation does not grant is refused with the error that
// the documentation gives, and where the documentation is silent or contradicts
// itself the stricter reading holds (DRIFT.md lists those choices).
//
// Its zero options are calm and deterministic: ids count up from a seed, the
// clock stands still until it is advanced, nothing is throttled, delayed or lost.
package graphsim
