package naming

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"ada@contoso.com": true, "a@b": true, "o'neil_x-1!#^~@contoso.com": true, "guest_x.y#EXT#@contoso.onmicrosoft.com": true,
		strings.Repeat("a", 64) + "@contoso.com": true,
		"ada":                                    false, "": false, "@contoso.com": false, "ada@": false, "a@b@c": false, "ada.@contoso.com": false,
		"ädä@contoso.com": false, "a b@contoso.com": false, strings.Repeat("a", 65) + "@contoso.com": false, "a@" + strings.Repeat("b", 49): false,
	} {
		if err := Check(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
