package inapp

import (
	"crypto/ecdh"
	"encoding/base64"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// VAPIDPublic is the key with which browsers subscribe, base64url; "" without Web
// Push. https://www.rfc-editor.org/rfc/rfc8292
func VAPIDPublic(a channel.Account) string {
	d, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(a.Value(VAPIDPrivate), "="))
	if err != nil {
		return ""
	}
	private, err := ecdh.P256().NewPrivateKey(d)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes())
}
