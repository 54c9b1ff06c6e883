package app

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// expiryNotice is how long before a certificate ends the operator is told.
const expiryNotice = 30 * 24 * time.Hour

// certificateEnds is when the tenant's own certificate ends, which the gateway signs in
// to its directory with; the zero time when it does so by other means. Its error says
// what is wrong with the certificate. The operator's is looked at once, not for each
// tenant that is reached with it: see warnOfOperator.
func certificateEnds(t *tenant.Tenant) (time.Time, error) {
	if len(t.Credential.Certificate) == 0 || t.Mode == tenant.Multi {
		return time.Time{}, nil
	}
	ends, err := graph.CertificateEnds(t.Credential.Certificate, t.Credential.CertificatePassword)
	if err != nil {
		return time.Time{}, fmt.Errorf("tenant %s: %w", t.Name, err)
	}
	return ends, nil
}

// ending says how a certificate stands that has ended or soon will; "" of another.
func ending(ends, now time.Time) string {
	day := ends.UTC().Format(time.DateOnly)
	switch left := ends.Sub(now); {
	case ends.IsZero() || left > expiryNotice:
		return ""
	case left <= 0:
		return "it ended on " + day
	default:
		return fmt.Sprintf("it ends on %s, in %d days", day, int(left/(24*time.Hour)))
	}
}

// warnOfCertificate says in the log when the tenant's certificate has ended or soon will.
func (s *seat) warnOfCertificate(ctx context.Context, now time.Time) {
	if said := ending(s.expires, now); said != "" {
		zerolog.Ctx(ctx).Warn().Str("tenant", s.tenant.Name).Msg("the certificate that the gateway signs in with: " + said)
	}
}

// warnOfPolicy says in the log which setting of the tenant has no effect.
func (s *seat) warnOfPolicy(ctx context.Context) {
	if p := s.tenant.Policy; p.IncludeOnPremisesMembers && !p.SkipOnPremisesGroups {
		zerolog.Ctx(ctx).Warn().Str("tenant", s.tenant.Name).
			Msg("policy.includeOnPremisesMembers has no effect without policy.skipOnPremisesGroups: all groups and all members are shown")
	}
}

// warnOfOperator says in the log when the certificate of the operator's app registration
// has ended or soon will.
func (r *registry) warnOfOperator(ctx context.Context) {
	if !r.config.HasOperator() {
		return
	}
	ends := credentialEnds(r.config.Consenting("").Credential)
	if said := ending(ends, r.now()); said != "" {
		zerolog.Ctx(ctx).Warn().Msg("the certificate of the operator's app registration: " + said)
	}
}

// warnDaily says all this once a day, until ctx ends.
func (r *registry) warnDaily(ctx context.Context) {
	for tick := time.NewTicker(24 * time.Hour); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			r.warnOfOperator(ctx)
			for _, s := range r.current().seats {
				s.warnOfCertificate(ctx, r.now())
			}
		}
	}
}
