package entra

import (
	"context"

	"github.com/rs/zerolog"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
)

// A lookup is a request that changes nothing, and what is done with its answer.
type lookup struct {
	request graph.Request
	take    func(graph.Result) error
}

// lookUpAll asks for all at once.
func (r *resource) lookUpAll(ctx context.Context, lookups []lookup) error {
	if len(lookups) == 0 {
		return nil
	}
	requests := make([]graph.Request, len(lookups))
	for i, l := range lookups {
		requests[i] = l.request
	}
	results, err := r.send(ctx, requests, graph.Parallel)
	if err != nil {
		return err
	}
	for i, l := range lookups {
		if err := l.take(results[i]); err != nil {
			return err
		}
	}
	return nil
}

// lookup is a step that changes nothing, by itself.
func (s step) lookup() lookup {
	return lookup{request: s.request, take: func(result graph.Result) error {
		if result.Err != nil {
			return s.refused(result.Err)
		}
		s.answered(result.Body)
		return nil
	}}
}

// subscriptions asks for those of the directory.
func subscriptions(ctx context.Context, into **grant.Subscriptions) lookup {
	return lookup{request: grant.SubscribedSkus(), take: func(result graph.Result) (err error) {
		*into, err = readSubscriptions(ctx, result)
		return err
	}}
}

func readSubscriptions(ctx context.Context, result graph.Result) (*grant.Subscriptions, error) {
	s, err := grant.ReadSubscriptions(result)
	if err == nil && s.Unread {
		zerolog.Ctx(ctx).Warn().Err(result.Err).Msg("licenses are not checked before they are assigned: subscriptions may not be read")
	}
	return s, entity.Broken(err)
}

// services asks for the service principals of applications, by appId; one that is not
// there is left out.
func (r *resource) services(appIDs []string, into map[string]grant.Service) []lookup {
	lookups := make([]lookup, len(appIDs))
	for i, id := range appIDs {
		delete(into, id)
		lookups[i] = lookup{
			request: graph.Request{
				Path: "/servicePrincipals(appId='{appId}')", Params: map[string]string{"appId": id},
				Query: graph.Query{Select: grant.ServiceProperties()},
			},
			take: func(result graph.Result) error {
				switch {
				case fault.Is(result.Err, fault.NotFound):
					return nil
				case fault.Is(result.Err, fault.Forbidden):
					f := *fault.From(result.Err)
					f.Detail = "The gateway lacks the directory permission to read applications."
					return &f
				case result.Err != nil:
					return result.Err
				}
				s, err := r.principals.Take(result.Body)
				into[id] = s
				return err
			},
		}
	}
	return lookups
}
