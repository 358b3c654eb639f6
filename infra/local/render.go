package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outbox"
)

// render shows what channels would make of the outbound message in a file, or on
// standard input with "-".
func render(c renderCommand, out io.Writer) error {
	o, err := readOutbound(c.File)
	if err != nil {
		return err
	}
	shown := false
	for _, ch := range functions.Channels() {
		if c.Channel == "" || c.Channel == ch.Name {
			shown = true
			if err := show(out, ch, o); err != nil {
				return err
			}
		}
	}
	if !shown {
		return fmt.Errorf("no channel is called %q", c.Channel)
	}
	return nil
}

func readOutbound(file string) (events.Outbound, error) {
	var o events.Outbound
	in := io.ReadCloser(os.Stdin)
	if file != "-" {
		var err error
		if in, err = os.Open(file); err != nil {
			return o, err
		}
	}
	defer in.Close()
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "json: "))
	}
	if err := o.Validate(); err != nil {
		return o, fmt.Errorf("%s: %w", file, err)
	}
	return o, nil
}

// show prints a channel's plan: what each part becomes, then each call.
func show(out io.Writer, ch channel.Channel, o events.Outbound) error {
	r := outbox.Render(ch, nil, o, func(digest string) string { return "https://relais.example/v1/media/" + digest })
	fmt.Fprintf(out, "%s\n", ch.Name)
	for _, x := range r.Rendering {
		fmt.Fprintf(out, "  part %d, %s: %s, loss %s\n", x.Part, x.Kind, x.As, x.Loss)
		for _, d := range x.Details {
			fmt.Fprintf(out, "    %s\n", d)
		}
	}
	for i, call := range r.Calls {
		for _, c := range call.Content {
			doc, err := channel.JSON(c)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "  call %d  %s\n", i+1, doc)
		}
	}
	fmt.Fprintln(out)
	return nil
}
