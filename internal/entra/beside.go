package entra

import (
	"cmp"
	"context"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/entra/memory"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/guard"
	"entrascim/internal/mapping"
)

// beside is what a write gives and takes by requests of its own, beside the manager.
type beside struct {
	licenses        *grant.Licenses
	roles, eligible *grant.Roles
	applications    *grant.Applications
}

// lookups ask for what is to be given, in front of the writes.
func (b beside) lookups() []step {
	steps := stepsOf(append(b.roles.Lookups(), b.eligible.Lookups()...))
	for i := range steps {
		steps[i].old = true
	}
	return steps
}

// steps are the requests for that of an object.
func (b beside) steps(collection, id string) []step {
	return stepsOf(slices.Concat(b.licenses.Steps(id), b.roles.Steps(id), b.eligible.Steps(id), b.applications.Steps(collection, id)))
}

func stepsOf(list []grant.Step) []step {
	steps := make([]step, len(list))
	for i, s := range list {
		steps[i] = step{request: s.Request, undone: s.Undone, refused: s.Refused, settled: s.Settled, answered: s.Answered}
	}
	return steps
}

// empty tells whether there is nothing to do.
func (b beside) empty() bool {
	return b.licenses == nil && b.roles.Empty() && b.eligible.Empty() && b.applications.Empty()
}

// overlay puts what the object has then into it.
func (b beside) overlay(o *object) error {
	if o.related == nil {
		o.related = map[string]related{}
	}
	for relation, plan := range map[string]*grant.Roles{relationRoles: b.roles, relationEligible: b.eligible} {
		if plan == nil {
			continue
		}
		var err error
		if o.related[relation], err = relatedOf(plan.After()); err != nil {
			return err
		}
	}
	if b.applications == nil {
		return nil
	}
	var err error
	o.related[relationApplications], err = relatedOf(b.applications.After())
	return err
}

// relatedOf are things of a plan as the related objects of a relation.
func relatedOf[T any](list []T) (related, error) {
	values := make([]jsontext.Value, len(list))
	for i, one := range list {
		var err error
		if values[i], err = json.Marshal(one); err != nil {
			return nil, err
		}
	}
	return slice(values), nil
}

// heldIn reads related objects as things of a plan.
func heldIn[T any](objects related) ([]T, error) {
	var list []T
	if objects == nil {
		return nil, nil
	}
	for v, err := range objects {
		var one T
		if err == nil {
			err = json.Unmarshal(v, &one)
		}
		if err != nil {
			return nil, entity.Broken(err)
		}
		list = append(list, one)
	}
	return list, nil
}

// planned compares what a write wants with what an object holds; "" is one that is to be
// made. What applications have to be looked up for is not decided yet.
func (r *resource) planned(id string, o object, w mapping.Write, put bool) (b beside, err error) {
	for relation, plan := range map[string]**grant.Roles{relationRoles: &b.roles, relationEligible: &b.eligible} {
		change, concerned := w.Relations[relation]
		if !concerned {
			continue
		}
		held, err := heldIn[grant.Role](o.related[relation])
		if err != nil {
			return b, err
		}
		if *plan, err = grant.PlanRoles(r.relationAttribute(relation), relation == relationEligible, held, change.After, r.options.Now()); err != nil {
			return b, err
		}
	}
	change, concerned := w.Relations[relationApplications]
	if !concerned {
		return b, nil
	}
	held, err := heldIn[grant.Assignment](o.related[relationApplications])
	if err == nil {
		b.applications, err = grant.PlanApplications(r.relationAttribute(relationApplications), id, held, change.After, put)
	}
	return b, err
}

// besides plans what a change gives and takes, with the applications looked up.
func (r *resource) besides(ctx context.Context, id string, o object, w mapping.Write, put bool) (beside, error) {
	b, err := r.planned(id, o, w, put)
	if err == nil {
		err = r.resolve(ctx, b.applications)
	}
	return b, err
}

// resolve decides about applications. What is remembered of them may be old: before
// something is refused they are asked for again.
func (r *resource) resolve(ctx context.Context, p *grant.Applications) error {
	if p == nil {
		return nil
	}
	found, missing := r.principals.ByApp(p.Unknown())
	if err := r.lookUpAll(ctx, r.services(missing, found)); err != nil {
		return err
	}
	err := p.Resolve(found)
	if stale := slices.DeleteFunc(p.Unknown(), func(id string) bool { return slices.Contains(missing, id) }); fault.Is(err, fault.InvalidValue) && len(stale) > 0 {
		if err := r.lookUpAll(ctx, r.services(stale, found)); err != nil {
			return err
		}
		return p.Resolve(found)
	}
	return err
}

// newBeside plans what a new object is given, and looks up all of it at once.
func (r *resource) newBeside(ctx context.Context, w mapping.Write) (beside, *grant.Subscriptions, error) {
	b, err := r.planned("", object{}, w, false)
	if err != nil {
		return b, nil, err
	}
	found, missing := r.principals.ByApp(b.applications.Unknown())
	lookups := r.services(missing, found)
	for _, s := range b.lookups() {
		lookups = append(lookups, s.lookup())
	}
	var skus *grant.Subscriptions
	if list, _ := w.Relations[relationLicenses].After.([]any); len(list) > 0 {
		lookups = append(lookups, subscriptions(ctx, &skus))
	}
	if err := r.lookUpAll(ctx, lookups); err != nil {
		return b, nil, err
	}
	if err := cmp.Or(b.roles.Refusal(), b.eligible.Refusal()); err != nil {
		return b, nil, err
	}
	return b, skus, r.resolve(ctx, b.applications)
}

// done remembers what was given and taken moments ago, and tells who wants to hear of
// applications.
func (r *resource) done(ctx context.Context, id string, b beside) {
	for _, a := range b.applications.Done() {
		if a != nil {
			r.granted(ctx, id, a.ResourceID)
		}
	}
	r.principals.Forget(b.applications.Lost())
	r.written.Give(id, memory.Given{
		Roles:        map[string]map[string]*grant.Role{relationRoles: b.roles.Done(), relationEligible: b.eligible.Done()},
		Applications: b.applications.Done(),
	})
}

// heldBeside refuses to change what could not be read, and lays over what was read what
// was given and taken moments ago.
func (r *resource) heldBeside(id string, o object, known mapping.Want) error {
	recent := r.written.Given(id)
	for _, relation := range []string{relationRoles, relationEligible, relationApplications} {
		switch {
		case !r.concerned(relation, known):
			continue
		case o.related[relation] == nil && o.unlicensed:
			return fault.New(fault.Forbidden, "%s: the directory has no Privileged Identity Management (Microsoft Entra ID P2 or Governance).", r.relationAttribute(relation))
		case o.related[relation] == nil:
			return fault.New(fault.Forbidden, "The gateway lacks the directory permission to read %s.", r.relationAttribute(relation))
		}
		var err error
		if relation == relationApplications {
			o.related[relation], err = laid(o.related[relation], recent.Applications)
		} else {
			o.related[relation], err = laid(o.related[relation], recent.Roles[relation])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// concerned tells whether the attribute of a relation is wanted.
func (r *resource) concerned(relation string, want mapping.Want) bool {
	return slices.ContainsFunc(r.rows, func(row mapping.Row) bool {
		return row.Relation == relation && want(row.Attr.URN, row.Attr.Name, "")
	})
}

func laid[T interface{ Key() string }](listed related, done map[string]*T) (related, error) {
	if len(done) == 0 {
		return listed, nil
	}
	list, err := heldIn[T](listed)
	if err != nil {
		return nil, err
	}
	return relatedOf(grant.Laid(list, done))
}

// Granted hears that a principal, of kind "User" or "Group", was given the application
// of a service principal. It does not keep the write waiting.
type Granted func(ctx context.Context, servicePrincipal, principal, kind string)

// granted says that the object of the id was given the applications of the service
// principals.
func (r *resource) granted(ctx context.Context, id string, servicePrincipals ...string) {
	if r.options.Granted == nil {
		return
	}
	for _, one := range servicePrincipals {
		r.options.Granted(ctx, one, id, r.table.Resource())
	}
}

// amounts are what a change takes away from a user: see guard.Guard.
func amounts(o object, w mapping.Write, b beside) guard.Amounts {
	all := guard.Amounts{}
	if w.Body[enabledProperty] == false && enabled(o) {
		all[guard.Disables] = 1
	}
	all[guard.LicenseRemovals] = b.licenses.Taken()
	return all
}

// enabled tells whether the user may sign in, or it is not known.
func enabled(o object) bool { return entity.Member(o.raw, enabledProperty).Kind() != 'f' }
