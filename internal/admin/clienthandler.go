package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"entrascim/internal/fault"
	"entrascim/internal/tenant/store"
)

func (a api) clients(r *http.Request) (reply, error) {
	records, err := a.ListClients(r.Context(), name(r))
	all := list[Client]{Items: []Client{}}
	for _, record := range records {
		all.Items = append(all.Items, ViewClient(record, ""))
	}
	return reply{status: http.StatusOK, body: all}, err
}

func (a api) client(r *http.Request) (reply, error) {
	record, err := a.ShowClient(r.Context(), name(r), chi.URLParam(r, "client"))
	return reply{status: http.StatusOK, body: ViewClient(record, ""), revision: record.Revision}, err
}

func (a api) addClient(r *http.Request) (reply, error) {
	var given NewClient
	if err := body(r, &given); err != nil {
		return reply{}, err
	}
	record, secret, err := a.AddClient(r.Context(), a.who(r), name(r), given)
	return reply{
		status: http.StatusCreated, body: ViewClient(record, secret), revision: record.Revision,
		location: Root + "/tenants/" + name(r) + "/clients/" + record.Name,
	}, err
}

func (a api) revokeClient(r *http.Request) (reply, error) {
	wanted, err := revision(r)
	if err == nil {
		err = none(r)
	}
	if err == nil {
		err = a.RevokeClient(r.Context(), a.who(r), name(r), chi.URLParam(r, "client"), wanted)
	}
	return reply{status: http.StatusNoContent}, err
}

func (a api) rotateClient(r *http.Request) (reply, error) {
	wanted, err := revision(r)
	if err != nil {
		return reply{}, err
	}
	var given struct {
		Overlap span      `json:"overlap"`
		Expires time.Time `json:"expires"`
	}
	if err := body(r, &given); err != nil {
		return reply{}, err
	}
	record, secret, err := a.RotateClient(r.Context(), a.who(r), name(r), chi.URLParam(r, "client"), wanted, Rotation{time.Duration(given.Overlap), given.Expires})
	return reply{status: http.StatusOK, body: ViewClient(record, secret), revision: record.Revision}, err
}

func (a api) events(r *http.Request) (reply, error) {
	q := store.EventQuery{}
	name := ""
	for key, values := range r.URL.Query() {
		var err error
		switch value := values[len(values)-1]; key {
		case "after":
			q.After, err = strconv.ParseInt(value, 10, 64)
		case "before":
			q.Before, err = strconv.ParseInt(value, 10, 64)
		case "limit":
			q.Limit, err = strconv.Atoi(value)
		case "newest":
			q.Newest, err = strconv.ParseBool(value)
		case "tenant":
			name = value
		default:
			return reply{}, fault.New(fault.InvalidValue, "There are the parameters after, before, limit, newest and tenant only.")
		}
		if err != nil {
			return reply{}, fault.New(fault.InvalidValue, "The parameter %s has a value that it cannot have.", key)
		}
	}
	events, err := a.Events(r.Context(), name, q)
	all := list[Event]{Items: []Event{}}
	for _, e := range events {
		all.Items = append(all.Items, ViewEvent(e))
	}
	return reply{status: http.StatusOK, body: all}, err
}

func (a api) reseal(r *http.Request) (reply, error) {
	if err := none(r); err != nil {
		return reply{}, err
	}
	n, err := a.Reseal(r.Context(), a.who(r))
	return reply{status: http.StatusOK, body: map[string]int{"resealed": n}}, err
}
