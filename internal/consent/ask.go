package consent

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entrascim/internal/tenant"
)

// A permission is what an administrator is asked for, and why.
type permission struct {
	Name string
	For  []string // names of features
}

// permissions are what the features need, in their order.
func permissions(features []Feature) []permission {
	var all []permission
	for _, f := range features {
		for _, name := range f.Needs {
			i := slices.IndexFunc(all, func(p permission) bool { return p.Name == name })
			if i < 0 {
				i, all = len(all), append(all, permission{Name: name})
			}
			all[i].For = append(all[i].For, f.Name)
		}
	}
	return all
}

// ask shows who asks for what.
func (h handler) ask(i invited) page {
	app := h.App
	p := page{status: http.StatusOK, name: "ask", form: true}
	p.data = struct {
		frame
		Tenant, Directory, ClientID, Login string
		Permissions                        []permission
	}{
		h.frame(h.operator() + " asks for access to your directory"), i.tenant.Name, i.tenant.DirectoryID, app.ClientID, hostOf(app.Login), permissions(h.Features),
	}
	return p
}

// begin sends the browser to the login service.
func (h handler) begin(w http.ResponseWriter, r *http.Request, i invited) (page, error) {
	// A browser that tells says that the form was on a page of ours. Others do not tell:
	// the login service asks in any case.
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return page{}, elsewhere(i.code)
	}
	base := h.BaseURL(r)
	state, err := h.newState(i.code, setCookie(w, r, base))
	if err != nil {
		return page{}, err
	}
	to := h.App.consentURL(i.tenant, base+Callback, state)
	w.Header().Set("Location", to)
	return page{status: http.StatusSeeOther, name: "onward", data: struct {
		frame
		To string
	}{h.frame("Continue to Microsoft"), to}}, nil
}

// consentURL is where the administrator decides: for the directory that the tenant
// names, or for the administrator's own.
func (a App) consentURL(t tenant.Record, redirect, state string) string {
	directory := t.DirectoryID
	if directory == "" {
		directory = "organizations"
	}
	q := url.Values{"client_id": {a.ClientID}, "scope": {a.Scope}, "redirect_uri": {redirect}, "state": {state}}
	return strings.TrimSuffix(a.Login, "/") + "/" + url.PathEscape(directory) + "/v2.0/adminconsent?" + q.Encode()
}

// hostOf is the host of a URL, as people are shown it.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
