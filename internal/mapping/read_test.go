package mapping_test

import (
	"reflect"
	"testing"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	users := compile(t, "user.yaml")
	w, err := users.Create(decode(t, `{"userName":"a@b.c","displayName":"A","`+enterprise+`":{"manager":{"value":"m"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Relations["manager"].After; !reflect.DeepEqual(got, map[string]any{"value": "m"}) {
		t.Errorf("manager: %v", got)
	}
}
