package vault

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// newHTTP is a client that follows no redirect: a password goes where the operator said
// and nowhere else.
func newHTTP(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     rt,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends JSON and gives the answer's status and body.
func post(ctx context.Context, c *http.Client, url string, body any, header http.Header) (int, []byte, error) {
	text, ok := body.([]byte)
	if !ok {
		var err error
		if text, err = json.Marshal(body, json.Deterministic(true)); err != nil {
			return 0, nil, fmt.Errorf("cannot be asked: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return 0, nil, refused("has a URL that is none")
	}
	request.Header = header.Clone()
	request.Header.Set("Content-Type", "application/json")
	response, err := c.Do(request)
	if err != nil {
		return 0, nil, plainly(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return response.StatusCode, nil, plainly(err)
	}
	return response.StatusCode, answer, nil
}
