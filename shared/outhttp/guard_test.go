package outhttp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"code.dny.dev/ssrf"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outhttp"
)

// TestMain names a proxy before anything reads the environment, which Go does once:
// a client that used it would call the proxy's address and not the one asked for.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		os.Setenv(name, "http://proxy.example:9")
	}
	os.Exit(m.Run())
}

// private are addresses that lead into a network that is not public, or say one in
// another way.
var private = []string{
	"127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
	"100.100.100.200", "169.254.169.254", "169.254.170.2",
	"192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
	"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
	"64:ff9b:1::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1",
	"2001:0:7f00:1::", "fc00::1", "fd00:ec2::254", "fec0::1", "fe80::1", "ff02::1",
}

// wantGuarded fails unless err is the guard's: that no server answered, or that TLS
// failed with one that did, proves nothing.
func wantGuarded(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ssrf.ErrProhibitedIP) || !errors.Is(err, channel.ErrNotSent) {
		t.Errorf("error %v, want that of the guard, %v", err, ssrf.ErrProhibitedIP)
	}
}

// TestPrivateAddresses: no number and no name leads into a network that is not
// public, before a byte is written, and no proxy is asked.
func TestPrivateAddresses(t *testing.T) {
	names := resolve(t)
	c := outhttp.New(nil, time.Second, nil)
	for _, text := range private {
		t.Run(text, func(t *testing.T) {
			address := netip.MustParseAddr(text)
			_, err := get(t, c, "https://"+net.JoinHostPort(text, "443")+"/latest/meta-data")
			wantGuarded(t, err)
			if address.Is4In6() { // DNS has no such record
				return
			}
			names.say(address)
			_, err = get(t, c, "https://innocent.example/latest/meta-data")
			wantGuarded(t, err)
		})
	}
	names.say(netip.MustParseAddr("127.0.0.1"))
	for _, name := range []string{"localhost", "0x7f000001", "proxy.example"} {
		_, err := get(t, c, "https://"+name+"/")
		wantGuarded(t, err)
	}
	for _, name := range []string{"2130706433", "127.1",
		"0177.0.0.1"} { // no names to Go, and numbers to other resolvers
		if _, err := get(t, c, "https://"+name+"/"); !errors.Is(err, channel.ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, port := range []string{"22", "80", "6379"} {
		_, err := get(t, c, "https://8.8.8.8:"+port+"/")
		if !errors.Is(err, ssrf.ErrProhibitedPort) {
			t.Errorf("port %s: %v", port, err)
		}
	}
}

// TestRebinding: a name that is public when it is looked at and private when it is
// called gains nothing, nor does one that is both.
func TestRebinding(t *testing.T) {
	names := resolve(t)
	names.say(netip.MustParseAddr("93.184.215.14"))
	looked := 0
	c := outhttp.New(nil, time.Second, func(host string) bool {
		found, err := net.DefaultResolver.LookupHost(t.Context(), host)
		if err != nil || len(found) != 1 || found[0] != "93.184.215.14" {
			t.Errorf("looked up %v, %v", found, err)
		}
		looked++
		names.say(netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("169.254.169.254"))
		return true
	})
	_, err := get(t, c, "https://rebinding.example/")
	wantGuarded(t, err)
	if looked != 1 {
		t.Errorf("looked %d times", looked)
	}
}

// dns is a name server that answers for every name.
type dns struct {
	mu        sync.Mutex
	addresses []netip.Addr
}

// resolve makes a dns the resolver of this process for the time of the test.
func resolve(t *testing.T) *dns {
	t.Helper()
	d, before := &dns{}, net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go d.serve(server)
		return client, nil
	}}
	t.Cleanup(func() { net.DefaultResolver = before })
	return d
}

func (d *dns) say(addresses ...netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addresses = addresses
}

// serve answers queries as over TCP: each has its length before it.
// https://www.rfc-editor.org/rfc/rfc1035#section-4.2.2
func (d *dns) serve(c net.Conn) {
	defer c.Close()
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(head))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		reply := d.answer(query)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// answer is the answer to a query of one question: 12 bytes, the name, type, class.
func (d *dns) answer(query []byte) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5
	asked := binary.BigEndian.Uint16(query[end-4:])
	reply := append([]byte{}, query[:end]...)
	reply[2], reply[3] = 0x81, 0x80
	count := 0
	for _, a := range d.addresses {
		kind := uint16(1) // A
		if a.Is6() {
			kind = 28 // AAAA
		}
		if kind != asked {
			continue
		}
		count++
		reply = append(reply, 0xc0, 12) // the name of the question
		reply = binary.BigEndian.AppendUint16(reply, kind)
		reply = append(reply, 0, 1, 0, 0, 0, 0)
		reply = binary.BigEndian.AppendUint16(reply, uint16(a.BitLen()/8))
		reply = append(reply, a.AsSlice()...)
	}
	copy(reply[4:], []byte{0, 1, 0, byte(count), 0, 0, 0, 0})
	return reply
}
