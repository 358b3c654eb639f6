package awsfake

import (
	"sync"
	"time"
)

// A Clock is the time the emulated services live in. Tests advance it instead of sleeping: visibility timeouts,
// delays, retention and deduplication windows then end at once, and long polls look again.
type Clock struct {
	mu       sync.Mutex
	fixed    time.Time     // zero when the clock follows the wall clock
	ahead    time.Duration // of the wall clock
	onChange map[int]func()
	next     int
}

// NewClock returns a clock that stands at t until it is advanced.
func NewClock(t time.Time) *Clock { return &Clock{fixed: t, onChange: map[int]func(){}} }

// Wall returns a clock that follows real time. It too can be advanced: it is ahead from then on.
func Wall() *Clock { return &Clock{onChange: map[int]func(){}} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now().Add(c.ahead)
	}
	return c.fixed
}

// Since is the time that passed on this clock since t.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Advance moves the clock and lets everything that waits for a time look again before it returns.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	if c.fixed.IsZero() {
		c.ahead += d
	} else {
		c.fixed = c.fixed.Add(d)
	}
	wake := make([]func(), 0, len(c.onChange))
	for _, f := range c.onChange {
		wake = append(wake, f)
	}
	c.mu.Unlock()
	for _, f := range wake {
		f()
	}
}

// Watch calls f after every advance until stop is called.
func (c *Clock) Watch(f func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.next
	c.next++
	c.onChange[id] = f
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.onChange, id)
	}
}
