package vault

import (
	"crypto/rand"
	"errors"
	"math/big"
	"slices"
	"strings"
)

// What Entra takes as a password: 8 to 256 characters of three of the four classes
// (https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy).
const (
	minLength  = 8
	maxLength  = 256
	minClasses = 3
)

// DefaultLength is that of passwords when nobody says another.
const DefaultLength = 24

// A Policy says what generated passwords are like.
type Policy struct {
	Length  int      // characters; 0: 24
	Classes []string // of Classes, three or four, each of which a password has; nil: all
}

// Classes are the names of the classes of characters.
func Classes() []string { return []string{"lower", "upper", "digit", "symbol"} }

// alphabet is the characters of a class, without those that are easily mistaken for
// another.
func alphabet(class string) string {
	switch class {
	case "lower":
		return "abcdefghijkmnopqrstuvwxyz"
	case "upper":
		return "ABCDEFGHJKLMNPQRSTUVWXYZ"
	case "digit":
		return "23456789"
	case "symbol":
		return "!#$%*+-.:=?@_"
	}
	return ""
}

// Check tells what is wrong with the policy.
func (p Policy) Check() error {
	if p.Length != 0 && (p.Length < minLength || p.Length > maxLength) {
		return mistake("length", "must be %d to %d: Entra takes no others", minLength, maxLength)
	}
	if p.Classes == nil {
		return nil
	}
	for i, class := range p.Classes {
		if alphabet(class) == "" || slices.Contains(p.Classes[:i], class) {
			return mistake("classes", "must be of %s, each once at most", strings.Join(Classes(), ", "))
		}
	}
	if len(p.Classes) < minClasses {
		return mistake("classes", "must be three or four: Entra takes no password of fewer")
	}
	return nil
}

// maxDraws bounds the search. The least likely policy, 8 characters of four classes,
// finds a password in every second draw.
const maxDraws = 1000

// generate draws passwords until one has each class and no part of the names: all
// passwords of which that holds are equally likely.
func (p Policy) generate(names ...string) (Text, error) {
	if err := p.Check(); err != nil {
		return "", err
	}
	length, classes, parts := p.Length, p.Classes, partsOf(names)
	if length == 0 {
		length = DefaultLength
	}
	if classes == nil {
		classes = Classes()
	}
	for range maxDraws {
		text, err := draw(length, classes)
		if err != nil {
			return "", err
		}
		if good(text, classes, parts) {
			return Text(text), nil
		}
	}
	return "", errors.New("no password was found that has no part of the user's name")
}

func draw(length int, classes []string) (string, error) {
	var all strings.Builder
	for _, class := range classes {
		all.WriteString(alphabet(class))
	}
	from, most := all.String(), big.NewInt(int64(all.Len()))
	text := make([]byte, length)
	for i := range text {
		n, err := rand.Int(rand.Reader, most) // uniform
		if err != nil {
			return "", err
		}
		text[i] = from[n.Int64()]
	}
	return string(text), nil
}

func good(text string, classes, parts []string) bool {
	lower := strings.ToLower(text)
	lacks := func(class string) bool { return !strings.ContainsAny(text, alphabet(class)) }
	holds := func(part string) bool { return strings.Contains(lower, part) }
	return !slices.ContainsFunc(classes, lacks) && !slices.ContainsFunc(parts, holds)
}

// minPart is how long a part of a name must be to count.
const minPart = 3

// partsOf are the words of names, in lower case.
func partsOf(names []string) []string {
	var parts []string
	for _, name := range names {
		for part := range strings.FieldsFuncSeq(strings.ToLower(name), apart) {
			if len(part) >= minPart {
				parts = append(parts, part)
			}
		}
	}
	return parts
}

func apart(c rune) bool { return strings.ContainsRune(" \t@.,-_#'", c) }
