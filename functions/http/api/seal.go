package api

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
)

// sealPrefix begins what stands in for a platform's id of a message. Who may not see who
// people are can quote a message by it, or react to it, and learns no number from it.
const sealPrefix = "sealed."

// A seal hides the platform's ids of one conversation's messages, and knows them again.
// The nonce follows from the id, so that the same id always looks the same; two ids have
// one nonce as rarely as two hashes are equal.
type seal struct {
	conversation string
	key          []byte // of nonces
	gcm          cipher.AEAD
}

// sealOf is a conversation's.
func (h *Handler) sealOf(ctx context.Context, conversation string) (seal, error) {
	if err := h.Files.LoadKey(ctx); err != nil {
		return seal{}, err
	}
	block, err := aes.NewCipher(h.Files.Derive("seal"))
	if err != nil {
		return seal{}, err
	}
	gcm, err := cipher.NewGCM(block)
	return seal{conversation, h.Files.Derive("seal nonce"), gcm}, err
}

// hide is what stands in for id.
func (s seal) hide(id string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(s.conversation + "\x00" + id))
	nonce := mac.Sum(nil)[:s.gcm.NonceSize()]
	box := s.gcm.Seal(nonce, nonce, []byte(id), []byte(s.conversation))
	return sealPrefix + base64.RawURLEncoding.EncodeToString(box)
}

// open is the id that text stands in for; false where it is of another conversation, or
// nobody's.
func (s seal) open(text string) (id string, ok bool) {
	box, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, sealPrefix))
	if err != nil || len(box) < s.gcm.NonceSize() {
		return "", false
	}
	nonce, sealed := box[:s.gcm.NonceSize()], box[s.gcm.NonceSize():]
	plain, err := s.gcm.Open(nil, nonce, sealed, []byte(s.conversation))
	return string(plain), err == nil
}

// mask hides who people are in a conversation.
func (h *Handler) mask(ctx context.Context, conversation string) (access.Mask, error) {
	s, err := h.sealOf(ctx, conversation)
	return access.Mask{ID: s.hide}, err
}

// unseal puts a platform's id back that stands at a path of the request.
func (h *Handler) unseal(ctx context.Context, conversation, path string, ref *events.Ref) error {
	if ref == nil || !strings.HasPrefix(ref.PlatformID, sealPrefix) {
		return nil
	}
	s, err := h.sealOf(ctx, conversation)
	if err != nil {
		return err
	}
	id, ok := s.open(ref.PlatformID)
	if !ok {
		return fault(path+".platformId", "must be of a message of the conversation, which to names by its id")
	}
	ref.PlatformID = id
	return nil
}
