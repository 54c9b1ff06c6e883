package tenant

// Deletion says what becomes of a user that a client deletes.
type Deletion string

// What may become of such a user.
const (
	DeleteReally  Deletion = "delete"
	DeleteDisable Deletion = "disable" // it stays, and cannot sign in
)

// A Leaver says what is done to a user that a client deletes, in this order.
type Leaver struct {
	Disable  bool
	Sessions bool // refresh tokens and cookies end
	Licenses bool // those that it has by itself are taken
	Groups   bool // it is taken out of those whose members can be changed in the cloud
}

// Thresholds are how much a tenant's clients may take away in an hour; 0: any number.
type Thresholds struct {
	Deletes         int // of users and groups
	Disables        int // of users
	MemberRemovals  int // from groups
	LicenseRemovals int // from users
}
