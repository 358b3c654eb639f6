package names

// Attributes by which the table and its indexes are keyed, and what indexes
// hold besides. Package store's legend says what each is, and all others.
const (
	AttrPartition = "c"
	AttrSort      = "s"
	AttrExpires   = "x"
	AttrOrder     = "o"
	AttrSequence  = "q"
	AttrBucket    = "b"
	AttrDue       = "d"
	AttrSince     = "t"
	AttrBlocked   = "u"
	AttrList      = "il"
	AttrPlace     = "ia"
	AttrAssignee  = "ig"
	AttrTags      = "it"
	AttrAccount   = "ic"
)

// What partitions begin with that are no conversation's: a function that may delete
// items of these may delete no event.
const (
	OfReplies = "out:"
	OfBulk    = "bulk:"
	OfLater   = "later:"
	OfMedia   = "media:"
	OfAccount = "account:"
	OfRate    = "rate:"
	OfTicket  = "ticket:"
	OfSocket  = "socket:"
	OfDevices = "devices:"
	OfUser    = "user:"
)
