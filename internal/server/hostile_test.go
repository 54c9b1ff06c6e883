package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Inputs that nobody means well by get an answer below 500 and no token.
func TestHostile(t *testing.T) {
	t.Parallel()
	log := &lines{}
	h := everyKind(log)
	odd := []string{
		"", " ", "\x00", "\xff\xfe", "%", "%00", "=", "&&&&", "a=b=c", ";", "null", "[]", "{}", `{"grant_type":"client_credentials"}`, "<xml/>", "../../etc/passwd", "' OR '1'='1", "${jndi:ldap://x}",
		"\r\nX: y", strings.Repeat("A", 5000), strings.Repeat("é", 500), strings.Repeat(".", 1000), "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30.", strings.Repeat("[", 3000), "-1", "1e999", "\u202e", "Bearer", "Basic",
	}
	n := 0
	for _, scheme := range []string{"", "Bearer ", "bearer\t", "Basic ", "Digest ", "Negotiate ", "Bearer Bearer "} {
		for _, value := range odd {
			for _, encode := range []func(string) string{strings.Clone, url.QueryEscape, func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }, func(s string) string { return basicOf(s, s)[6:] }} {
				n++
				r := httptest.NewRequest("GET", Root+"/Users", nil)
				r.RemoteAddr = fmt.Sprintf("203.%d.%d.7:1", n/250, n%250)
				r.Header["Authorization"] = []string{scheme + encode(value)}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != 401 || !strings.Contains(w.Body.String(), `"status":"401"`) {
					t.Errorf("%q: %d %s", r.Header, w.Code, w.Body)
				}
			}
		}
	}
	for _, value := range odd {
		for _, body := range []string{
			value, "grant_type=" + value, form + "&scope=" + url.QueryEscape("x"+value), "grant_type=client_credentials&client_id=" + value, "grant_type=client_credentials&client_id=robot&client_secret=" + value,
			form + "&client_secret=" + value, form + "&grant_type=" + value, url.QueryEscape(value) + "=x", "grant_type=client_credentials&client_id=" + url.QueryEscape(value) + "&client_secret=" + url.QueryEscape(value),
		} {
			for _, kind := range []string{"application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=x", "multipart/form-data; boundary=x", value} {
				n++
				r := httptest.NewRequest("POST", TokenPath, strings.NewReader(body))
				r.RemoteAddr = fmt.Sprintf("203.%d.%d.7:1", n/250, n%250)
				r.Header["Content-Type"] = []string{kind}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				var answer struct{ Error string }
				if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code < 400 || w.Code >= 500 || answer.Error == "" {
					t.Errorf("%q %q: %d %s", kind, body, w.Code, w.Body)
				}
			}
		}
	}
	if n < 500 {
		t.Errorf("only %d inputs", n)
	}
	if text := log.String(); strings.Contains(text, `"level":"error"`) || strings.Contains(text, password) {
		t.Error("the log has errors or a secret")
	}
}
