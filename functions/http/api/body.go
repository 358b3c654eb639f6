package api

import (
	"errors"
	"mime"

	"github.com/relais-dev/relais/events"
)

// decode reads r's body into v as events.Decode does.
func decode(r request, v any) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return notJSON.because("send Content-Type: application/json")
	}
	err := events.Decode(r.Body, v)
	var faults events.Faults
	if errors.As(err, &faults) {
		return faulty(faults)
	}
	if err != nil {
		return malformed.because("the body " + err.Error())
	}
	return nil
}
