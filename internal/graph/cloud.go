package graph

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Cloud is a national cloud of Microsoft Graph.
type Cloud struct {
	Name  string // as --cloud takes it
	Graph string // root of Graph, without a version
	Login string // root of the sign-in authority
}

// Clouds returns the clouds in the order in which help lists them, the default first.
func Clouds() []Cloud {
	return []Cloud{
		{"global", "https://graph.microsoft.com", "https://login.microsoftonline.com"},
		{"usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us"},
		{"dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"},
		{"china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"},
	}
}

// FindCloud returns the cloud of that name, without regard to case.
func FindCloud(name string) (Cloud, error) {
	var names []string
	for _, c := range Clouds() {
		if strings.EqualFold(c.Name, name) {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return Cloud{}, fmt.Errorf("unknown cloud %q (%s)", name, strings.Join(names, ", "))
}

// CloudAt returns the cloud whose Graph root is, however it was named.
func CloudAt(root *url.URL) (Cloud, bool) {
	for _, c := range Clouds() {
		if u, err := url.Parse(c.Graph); err == nil && strings.EqualFold(root.Hostname(), u.Hostname()) && (root.Port() == "" || root.Port() == "443") && root.Path == "" {
			return c, true
		}
	}
	return Cloud{}, false
}

// ParseRoot checks a Graph root given by hand: https to any host, plain http to a loopback address
// only, and nothing behind the host but a path.
func ParseRoot(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	var unreadable *url.Error
	if errors.As(err, &unreadable) {
		err = unreadable.Err // without the URL, which may hold a password
	}
	if err != nil {
		return nil, fmt.Errorf("the Graph URL cannot be read: %w", err)
	}
	switch {
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("the Graph URL for host %q must hold nothing but scheme, host and path", u.Host)
	case u.Hostname() == "":
		return nil, fmt.Errorf("the Graph URL %q names no host; write it like https://graph.microsoft.com", s)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("the Graph URL %q would send the token in the clear; plain http is for loopback addresses only", s)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the Graph URL %q must begin with https://", s)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}
