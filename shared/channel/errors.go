package channel

import (
	"errors"
	"fmt"
)

// A Refusal is why a request was not accepted as the platform's. Reason is a
// short code for metrics and logs; outsiders never see it.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return "refused: " + r.Reason }

// Reasons of a Refusal. Each channel uses these words.
const (
	NoSignature  = "no_signature"  // the header or parameter is absent
	BadSignature = "bad_signature" // present, and not ours
	Malformed    = "malformed"     // present, and not of the documented form
	Stale        = "stale"         // the signed time is outside the tolerance
	NoSecret     = "no_secret"     // the account has no usable secret
	NoKeys       = "no_keys"       // the public keys that it names are not to be had
)

// Refuse is the error of a Verify that does not accept a request.
func Refuse(reason string) error { return &Refusal{reason} }

// RefusalReason is the reason in err, or BadSignature when err is of another kind.
func RefusalReason(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return BadSignature
}

// Malform is the error of a Parse that cannot read a verified body: where is the
// place in the platform's terms, never content.
func Malform(where string) error { return fmt.Errorf("parse: %s", where) }
