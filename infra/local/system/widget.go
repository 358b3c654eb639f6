package system

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/infra/topology"
)

const (
	// widgetPath is below which the widget's files are on a laptop.
	widgetPath = "/widget/"
	// widgetBucket is where they would be, if a laptop had a CDN.
	widgetBucket = "relais-widget"
)

// widgetFile is the file of the widget that r asks for.
func (s *System) widgetFile(r *http.Request) (name string, ok bool) {
	name, ok = strings.CutPrefix(r.URL.Path, widgetPath)
	return name, ok && (r.Method == http.MethodGet || r.Method == http.MethodHead) && s.hasWidget() &&
		slices.Contains(topology.WidgetFiles(), name)
}

func (s *System) hasWidget() bool {
	return s.Widget != ""
}

// serveWidget answers as the CDN does, from the folder where the widget is built.
func (s *System) serveWidget(w http.ResponseWriter, r *http.Request, name string) {
	text, err := os.ReadFile(filepath.Join(s.opts.Root, s.Widget, name))
	if err != nil {
		s.log.Error("read the widget", "error", err.Error())
		fail(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	for header, value := range topology.WidgetHeaders() {
		w.Header().Set(header, value)
	}
	w.Header().Set("etag", fmt.Sprintf(`"%x"`, sha256.Sum256(text)))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
}
