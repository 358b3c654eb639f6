package outside

import (
	"net/http"
	"strings"

	"github.com/relais-dev/relais/shared/stage/play"
)

// PushHost is a browser's push service: it takes what is sent to a subscription,
// and says of those below /gone that there is none.
// https://www.rfc-editor.org/rfc/rfc8030#section-5
const PushHost = "push.local.test"

// PushName is what the calls of PushHost are kept under.
const PushName = "push"

func pushService(c play.Call) play.Answer {
	status := http.StatusCreated
	switch {
	case strings.HasPrefix(c.Path, "/gone/"):
		status = http.StatusGone
	case c.Method != http.MethodPost || c.Header.Get("TTL") == "" || c.Header.Get("Content-Encoding") != "aes128gcm",
		!strings.HasPrefix(c.Header.Get("Authorization"), "vapid "):
		status = http.StatusBadRequest
	}
	return play.Reply(status, "", nil)
}
