// Package observe is how functions tell what they do: structured logs without
// secrets, message text or phone numbers, and metrics in CloudWatch's embedded
// metric format, which are log lines too.
package observe

import (
	"io"
	"log/slog"
	"time"
)

// NewLog writes JSON lines with the field names that CloudWatch Logs Insights
// and Powertools users expect.
func NewLog(w io.Writer, function string) *slog.Logger {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) > 0 {
			return a
		}
		switch a.Key {
		case slog.TimeKey:
			return slog.String("timestamp", a.Value.Time().UTC().Format(time.RFC3339Nano))
		case slog.MessageKey:
			a.Key = "message"
		}
		return a
	}})
	return slog.New(h).With("function", function)
}
