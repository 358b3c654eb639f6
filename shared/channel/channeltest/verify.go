package channeltest

import (
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/channel/sample"
)

func verification() []check {
	return []check{
		{"verify/samples", "Every sample verifies as recorded, at the account's now: else it does not show what the platform sends. Run with -update to sign it.", samplesVerify},
	}
}

// verify is c.Verify with a panic as an error.
func verify(c channel.Channel, a channel.Account, r channel.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{"Verify", p}
		}
	}()
	return c.Verify(a, r)
}

func samplesVerify(c channel.Channel, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error { return verify(c, set.Account, s.Request) })
}
