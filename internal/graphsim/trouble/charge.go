package trouble

import (
	"context"
	"net/http"
	"strconv"

	"entrascim/internal/graphsim/odata"
)

// A bucketKey says whose limit a bucket is. An empty tenant or app: of all.
type bucketKey struct {
	scope, kind string // as x-ms-throttle-scope names them
	tenant, app string
}

// A draw is an amount to be taken from one bucket.
type draw struct {
	key    bucketKey
	limit  Limit
	amount int
	reason string // as x-ms-throttle-information names it
}

// Charge counts an operation and charges it to the limits of its app and its
// tenant. The headers belong on the answer, on a refusal too; a refusal is of
// status 429, or what a queued fault says to a batch item. Source:
// https://learn.microsoft.com/graph/throttling.
func (t *Trouble) Charge(ctx context.Context, op Operation) (http.Header, *odata.Error) {
	resourceUnits, writes := op.cost()
	t.count.operation(ctx, op, resourceUnits, writes)
	h := http.Header{}
	h.Set("x-ms-resource-unit", strconv.Itoa(resourceUnits))
	if op.Item != "" {
		if f, ok := t.itemFault(op); ok {
			return f.headers(h), t.told(f.refusal())
		}
	}
	return h, t.told(t.draw(h, op, resourceUnits, writes))
}

// told counts refusals for throttling.
func (t *Trouble) told(e *odata.Error) *odata.Error {
	if e != nil && e.Status == http.StatusTooManyRequests {
		t.count.throttled()
	}
	return e
}

// draw takes an operation's cost from all its buckets, or from none.
func (t *Trouble) draw(h http.Header, op Operation, resourceUnits, writes int) *odata.Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.throttle {
		return nil
	}
	draws := t.limits.draws(op, resourceUnits, writes)
	now, fullest := t.now(), 0.0
	for _, d := range draws {
		b := t.buckets[d.key]
		if b == nil {
			b = newBucket(d.limit, now)
			t.buckets[d.key] = b
		}
		b.refill(d.limit, now)
		fullest = max(fullest, b.used(d.amount))
		if wait := b.wait(d.amount); wait > 0 {
			setPercentage(h, fullest)
			h.Set("Retry-After", strconv.Itoa(wait))
			h.Set("x-ms-throttle-scope", d.key.scope+"/"+d.key.kind+"/"+op.AppID+"/"+op.TenantID)
			h.Set("x-ms-throttle-information", d.reason)
			return tooMany()
		}
	}
	for _, d := range draws {
		t.buckets[d.key].left -= float64(d.amount)
	}
	setPercentage(h, fullest)
	return nil
}

// draws are the buckets that an operation is charged to.
func (l Limits) draws(op Operation, resourceUnits, writes int) []draw {
	const unitsOut, writesOut, requestsOut = "ResourceUnitLimitExceeded", "WriteLimitExceeded", "RequestLimitExceeded"
	list := []draw{
		{bucketKey{"Tenant_Application", "ReadWrite", op.TenantID, op.AppID}, l.units(op.Users), resourceUnits, unitsOut},
		{bucketKey{"Application", "ReadWrite", "", op.AppID}, l.AppUnits, resourceUnits, unitsOut},
	}
	if writes > 0 {
		list = append(list,
			draw{bucketKey{"Tenant_Application", "Write", op.TenantID, op.AppID}, l.Writes, writes, writesOut},
			draw{bucketKey{"Tenant", "Write", op.TenantID, ""}, l.TenantWrites, writes, writesOut},
			draw{bucketKey{"Application", "Write", "", op.AppID}, l.AppWrites, writes, writesOut})
	}
	switch bare(op.Pattern) {
	case "servicePrincipals/{}/synchronization/jobs/{}/provisionOnDemand":
		list = append(list, draw{bucketKey{"Tenant_Application", "OnDemand", op.TenantID, op.AppID}, l.OnDemand, 1, requestsOut})
	case "auditLogs/signIns", "auditLogs/directoryAudits":
		list = append(list,
			draw{bucketKey{"Tenant_Application", "Reports", op.TenantID, op.AppID}, l.Reports, 1, requestsOut},
			draw{bucketKey{"Application", "Reports", "", op.AppID}, l.AppReports, 1, requestsOut})
	}
	return list
}

// setPercentage tells how near the nearest limit is, from 0.8 of it to 1.8.
func setPercentage(h http.Header, used float64) {
	if used > 0.8 {
		h.Set("x-ms-throttle-limit-percentage", strconv.FormatFloat(min(used, 1.8), 'f', 1, 64))
	}
}

// tooMany is the documented refusal; the object "innerError" of its body is the
// business of whoever writes it.
func tooMany() *odata.Error {
	return &odata.Error{Status: http.StatusTooManyRequests, Code: "TooManyRequests", Message: "Please retry again later."}
}
