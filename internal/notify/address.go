package notify

import (
	"errors"
	"net/url"

	"taskrecon/internal/graph"
)

// Address is where something is sent. Its path and query may hold a secret, so it prints without them.
type Address struct{ url *url.URL }

// ParseAddress reads an https URL, or an http URL of this machine. Its errors do not repeat the text.
func ParseAddress(text string) (Address, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Address{}, errors.New("it is not a URL; write it like https://example.com/path")
	case u.Scheme == "http" && !graph.IsLoopback(u):
		return Address{}, errors.New("plain http is for this machine only; use https")
	case u.Scheme != "http" && u.Scheme != "https":
		return Address{}, errors.New("it is not an https URL; write it like https://example.com/path")
	case u.Hostname() == "":
		return Address{}, errors.New("it names no host; write it like https://example.com/path")
	case u.Fragment != "":
		return Address{}, errors.New("it holds a # and what follows, which cannot be sent; leave that out")
	}
	return Address{u}, nil
}

// Host is the part of the address that is no secret: the host and, where it has one, the port.
func (a Address) Host() string {
	if a.url == nil {
		return ""
	}
	return a.url.Host
}

// String is the address without what may be secret in it: "https://example.com/...".
func (a Address) String() string {
	if a.url == nil {
		return ""
	}
	return a.url.Scheme + "://" + a.url.Host + "/..."
}

// under is the address with one more step in its path, before the query.
func (a Address) under(step string) Address { return Address{a.url.JoinPath(step)} }

// SecretAddress is the value of a flag that holds an address with a secret in it. Code that lists the values of flags, as the
// ledger does, gets the host only. It takes any text, since errors about flags repeat their values.
type SecretAddress struct{ Text string }

// Set takes any text.
func (s *SecretAddress) Set(text string) error { s.Text = text; return nil }

// Get is what cli.Context.Value returns.
func (s *SecretAddress) Get() any { return s.String() }

func (s *SecretAddress) String() string {
	if s == nil || s.Text == "" {
		return ""
	}
	a, err := ParseAddress(s.Text)
	if err != nil {
		return "(not an address)"
	}
	return a.String()
}
