package google

import (
	"encoding/base64"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// Envelope is a message as Pub/Sub pushes it. Only its token or Data is proof of
// anything; what stands around Data is a hint.
// https://docs.cloud.google.com/pubsub/docs/push#receive_push
type Envelope struct {
	Message struct {
		Data       string            `json:"data"` // base64
		Attributes map[string]string `json:"attributes"`
	} `json:"message"`
}

// Open is the envelope that body is, and the bytes that its data are. ok says
// whether body is one.
func Open(body []byte) (e Envelope, data []byte, ok bool) {
	if channel.Decode(body, &e) != nil || e.Message.Data == "" {
		return Envelope{}, nil, false
	}
	data, err := decode(e.Message.Data)
	return e, data, err == nil
}

// decode reads base64 in either alphabet, with or without padding.
func decode(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	return base64.RawStdEncoding.DecodeString(text)
}
