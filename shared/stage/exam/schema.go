package exam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/events/schema"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// eventsMatchSchema checks every event of a sample against the JSON Schema of its
// type, as integrators do.
func eventsMatchSchema(c candidate, set sample.Set) error {
	compiler, err := newCompiler()
	if err != nil {
		return err
	}
	return eachDelivery(set, func(s sample.Sample) error {
		evs, err := parse(c, set.Account, s.Request)
		if err != nil {
			return err
		}
		for i := range evs {
			if err := matchSchema(compiler, &evs[i]); err != nil {
				return fmt.Errorf("event %d (%s): %w", i, evs[i].Type, err)
			}
		}
		return nil
	})
}

func matchSchema(compiler *jsonschema.Compiler, e *events.Event) error {
	s, err := compiler.Compile(e.DataSchema)
	if err != nil {
		return err
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// newCompiler knows the published schemas and reads no other.
func newCompiler() (*jsonschema.Compiler, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	files, err := fs.Glob(schema.Files, "*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		text, err := schema.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if err := compiler.AddResource(events.SchemaRoot+name, v); err != nil {
			return nil, err
		}
	}
	return compiler, nil
}
