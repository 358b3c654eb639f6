package chat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/lambdahttp"
)

// A script is what a page needs of us, as it was built.
type script struct {
	body string // compressed, base64
	tag  string
}

// load reads the script when somebody first asks for it.
func load(read func(string) ([]byte, error), name string) func() (script, error) {
	return sync.OnceValues(func() (script, error) {
		text, err := read(name)
		if err != nil {
			return script{}, fmt.Errorf("read the widget: %w", err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(text); err != nil {
			return script{}, err
		}
		err = w.Close()
		sum := sha256.Sum256(text)
		return script{base64.StdEncoding.EncodeToString(b.Bytes()), `"` + hex.EncodeToString(sum[:8]) + `"`}, err
	})
}

// widgetAge is how long browsers use the script without asking: a fix reaches
// everybody within an hour.
const widgetAge = "public, max-age=3600"

// widget answers with the script. It is sent compressed whatever the browser says:
// each that can run it understands that.
func (h *Handler) widget(r channel.Request) ([]byte, error) {
	w, err := h.Script()
	if err != nil {
		return h.refuse(err, nil)
	}
	header := map[string]string{"cache-control": widgetAge, "etag": w.tag, "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
	if r.Header.Get("If-None-Match") == w.tag {
		return lambdahttp.Response(channel.Response{Status: http.StatusNotModified}, header)
	}
	header["content-type"], header["content-encoding"], header["x-content-type-options"] = "text/javascript; charset=utf-8", "gzip", "nosniff"
	return json.Marshal(map[string]any{"statusCode": http.StatusOK, "headers": header, "body": w.body, "isBase64Encoded": true})
}
