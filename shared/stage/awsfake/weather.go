package awsfake

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"

	"github.com/relais-dev/relais/shared/stage/awsfake/ddb"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// Weather is what the real services do now and then, and this endpoint only when asked. Each number is a probability
// from 0 to 1; the zero Weather is fair. What it does is drawn for each principal and action apart, so a run that
// makes the same calls meets the same weather, whatever other principals do meanwhile.
type Weather struct {
	Seed uint64

	// Stale is how many of the reads that do not ask for ConsistentRead, those of global indexes included, are answered
	// from before the latest writes. Only writes of the last second are missed: advance the Clock, and all is consistent.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
	Stale float64

	// Conflicts is how many writes of an item, transactions and transactional reads meet another transaction there.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
	Conflicts float64

	// Throttles is how many calls are refused as too many, in the way of each service.
	Throttles float64

	// Strikes says whom the weather reaches; nil is everybody.
	Strikes func(principal string) bool
}

// maxBehind is how many writes of what it reads a stale read misses at the most.
const maxBehind = 4

// skies hold the weather and the dice it is drawn with.
type skies struct {
	mu      sync.Mutex
	weather Weather
	dice    map[string]*rand.Rand
}

// SetWeather changes the weather, with new dice.
func (s *Server) SetWeather(w Weather) {
	s.skies.mu.Lock()
	defer s.skies.mu.Unlock()
	s.skies.weather, s.skies.dice = w, map[string]*rand.Rand{}
}

// roll calls f with the weather and the dice of a principal's action, unless the weather spares it.
func (k *skies) roll(principal, action string, f func(Weather, *rand.Rand)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.weather
	fair := w.Stale == 0 && w.Conflicts == 0 && w.Throttles == 0
	if fair || w.Strikes != nil && !w.Strikes(principal) {
		return
	}
	name := principal + " " + action
	if k.dice[name] == nil {
		h := fnv.New64a()
		h.Write([]byte(name)) // never fails
		k.dice[name] = rand.New(rand.NewPCG(w.Seed, h.Sum64()))
	}
	f(w, k.dice[name])
}

// behind is how many writes a read of DynamoDB misses, if it allows that.
func (k *skies) behind(principal, action string) (n int) {
	k.roll(principal, "read "+action, func(w Weather, dice *rand.Rand) {
		if dice.Float64() < w.Stale {
			n = 1 + dice.IntN(maxBehind)
		}
	})
	return n
}

// strike is the refusal that the weather brings to a call of items; nil when it brings none.
func (k *skies) strike(c Call, items int) (refusal *wire.Error) {
	k.roll(c.Principal, c.Action, func(w Weather, dice *rand.Rand) {
		service, action, _ := strings.Cut(c.Action, ":")
		if dice.Float64() < w.Conflicts && service == "dynamodb" {
			refusal = ddb.Conflict(action, items, dice.IntN)
		}
		if dice.Float64() < w.Throttles && refusal == nil {
			refusal = throttled(service, action, items, dice)
		}
	})
	return refusal
}

// throttled refuses as the service does that was called too often.
func throttled(service, action string, items int, dice *rand.Rand) *wire.Error {
	switch service {
	case "dynamodb":
		return ddb.Throttle(action, items, dice.IntN)
	case "sqs": // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
		return &wire.Error{Status: http.StatusForbidden, Type: "com.amazonaws.sqs#RequestThrottled",
			Message: "Request is throttled.", QueryCode: "RequestThrottled;Sender"}
	case "s3": // https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
		return &wire.Error{Status: http.StatusServiceUnavailable, Type: "SlowDown",
			Message: "Please reduce your request rate."}
	}
	return wire.Errorf("com.amazon.coral.availability#ThrottlingException", "Rate exceeded")
}
