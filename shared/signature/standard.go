package signature

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// A Standard proves deliveries by Standard Webhooks 1.0, in both directions.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
type Standard struct {
	secrets []string // for HMAC: version v1
	keys    [][]byte // for Ed25519: version v1a
}

// NewStandard takes what is usable of secrets and of public keys, in base64 after
// their prefix, which some libraries leave off. A secret has 24 to 64 bytes.
func NewStandard(secrets, publicKeys []string) Standard {
	var s Standard
	for _, v := range secrets {
		if key := prefixed(v, "whsec_"); len(key) >= 24 && len(key) <= 64 {
			s.secrets = append(s.secrets, string(key))
		}
	}
	for _, v := range publicKeys {
		if key := prefixed(v, "whpk_"); len(key) == ed25519.PublicKeySize {
			s.keys = append(s.keys, key)
		}
	}
	return s
}

// prefixed is the key behind prefix; nil when it has another form.
func prefixed(value, prefix string) []byte {
	key, err := Base64(strings.TrimPrefix(strings.TrimSpace(value), prefix))
	if err != nil {
		return nil
	}
	return key
}

// StandardID is the header with a delivery's id, which is the same at every try.
const StandardID = "Webhook-Id"

const (
	standardTime      = "Webhook-Timestamp"
	standardSignature = "Webhook-Signature"

	// standardTolerance is that of the reference libraries.
	// https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/go/webhook.go
	standardTolerance = 5 * time.Minute

	// maxSignatures bounds the work of an unproven request; a rotation of secret
	// and key at once has four.
	maxSignatures = 8
)

var (
	standardID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)
	seconds    = regexp.MustCompile(`^[0-9]{1,12}$`) // Unix time
)

// IsStandardID says whether id can be a delivery's: it has no dots, which separate
// the parts of what is signed.
func IsStandardID(id string) bool { return standardID.MatchString(id) }

// Verify checks that one of the signatures of r is right, and then that its time is.
func (s Standard) Verify(r channel.Request) error {
	if len(s.secrets) == 0 && len(s.keys) == 0 {
		return channel.Refuse(channel.NoSecret)
	}
	id, at, list := r.Joined(StandardID), r.Joined(standardTime), r.Joined(standardSignature)
	switch {
	case id == "" || at == "" || list == "":
		return channel.Refuse(channel.NoSignature)
	case !IsStandardID(id) || !seconds.MatchString(at):
		return channel.Refuse(channel.Malformed)
	}
	if err := s.matches(signed(id, at, r.Body), list); err != nil {
		return err
	}
	unix, _ := strconv.ParseInt(at, 10, 64) // seconds has matched
	return Fresh(r.Received, time.Unix(unix, 0), standardTolerance)
}

// matches checks that one of list, "version,base64" with spaces between, is right. What
// is of no known version is ignored; a second comma in an entry comes from a doubled
// header.
func (s Standard) matches(message []byte, list string) error {
	entries := strings.Fields(list)
	if len(entries) > maxSignatures {
		return channel.Refuse(channel.Malformed)
	}
	for _, e := range entries {
		if strings.Count(e, ",") > 1 {
			return channel.Refuse(channel.Malformed)
		}
	}
	for _, e := range entries {
		version, text, _ := strings.Cut(e, ",")
		switch {
		case version == "v1" && HMAC(sha256.New, s.secrets, message, text, Base64) == nil:
			return nil
		case version == "v1a" && Ed25519(s.keys, message, text, Base64) == nil:
			return nil
		}
	}
	return channel.Refuse(channel.BadSignature)
}

// Sign gives the headers of a delivery that is sent at now, signed with each secret;
// nil without a usable one.
func (s Standard) Sign(id string, now time.Time, body []byte) http.Header {
	if len(s.secrets) == 0 {
		return nil
	}
	at := strconv.FormatInt(now.Unix(), 10)
	var list []string
	for _, secret := range s.secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(signed(id, at, body))
		list = append(list, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return http.Header{StandardID: {id}, standardTime: {at}, standardSignature: {strings.Join(list, " ")}}
}

// signed is what a signature covers.
func signed(id, at string, body []byte) []byte {
	b := make([]byte, 0, len(id)+len(at)+len(body)+2)
	b = append(append(b, id...), '.')
	b = append(append(b, at...), '.')
	return append(b, body...)
}
