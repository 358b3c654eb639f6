package channeltest

import (
	"errors"
	"fmt"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/channel/sample"
)

func handshakes() []check {
	return []check{
		{"handshake/golden", "A platform compares the answer to its handshake byte for byte.", handshakeGolden},
	}
}

func handshakeGolden(c channel.Channel, set sample.Set) error {
	var errs []error
	for _, s := range set.Samples {
		if !isHandshake(s) {
			continue
		}
		if err := matchGolden(c, set, s); err != nil {
			errs = append(errs, fmt.Errorf("%s.http: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}
