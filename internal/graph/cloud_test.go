package graph

import (
	"strings"
	"testing"
)

func TestParseRoot(t *testing.T) {
	good := map[string]string{
		"https://graph.microsoft.com":             "https://graph.microsoft.com",
		"https://graph.microsoft.com/":            "https://graph.microsoft.com",
		"https://graph.microsoft.com//":           "https://graph.microsoft.com",
		"HTTPS://graph.microsoft.com:8443/a/b/":   "https://graph.microsoft.com:8443/a/b",
		"https://example.com/a%2Fb/":              "https://example.com/a%2Fb",
		"http://localhost:8080":                   "http://localhost:8080",
		"http://LOCALHOST":                        "http://LOCALHOST",
		"http://127.0.0.1:1":                      "http://127.0.0.1:1",
		"http://127.9.8.7":                        "http://127.9.8.7",
		"http://[::1]:80/x":                       "http://[::1]:80/x",
		"http://[::ffff:127.0.0.1]":               "http://[::ffff:127.0.0.1]",
		"https://example.com/#":                   "https://example.com",
		"https://microsoftgraph.chinacloudapi.cn": "https://microsoftgraph.chinacloudapi.cn",
	}
	for in, want := range good {
		got, err := ParseRoot(in)
		if err != nil || got.String() != want {
			t.Errorf("ParseRoot(%q) = %v, %v; want %s", in, got, err, want)
		}
	}
	const clear, only, scheme, host, unread = "would send the token in the clear", "must hold nothing but scheme, host and path", "must begin with https://", "names no host", "cannot be read"
	bad := map[string]string{
		"http://graph.microsoft.com":   clear,
		"http://localhost.evil.com":    clear,
		"http://localhost.":            clear,
		"http://127.0.0.1.evil.com":    clear,
		"http://127.1":                 clear,
		"http://0.0.0.0":               clear,
		"http://10.0.0.1":              clear,
		"http://[::2]":                 clear,
		"http://128.0.0.1":             clear,
		"http://user:hunter2@a.b":      only,
		"https://user:hunter2@a.b":     only,
		"https://user:hunter2@":        only,
		"https://localhost@a.b":        only,
		"http://a.b@localhost":         only,
		"https://a.b?x=hunter2":        only,
		"https://a.b/?":                only,
		"https://a.b#hunter2":          only,
		"ftp://a.b":                    scheme,
		"//a.b":                        scheme,
		"graph.microsoft.com":          host,
		"https://":                     host,
		"https:///beta":                host,
		"https:graph.microsoft.com":    host,
		"":                             host,
		"https://user:hunter2@a.b:x":   unread,
		"https://user:hunter2@a.b/%zz": unread,
		"https://a.b\n":                unread,
		"localhost:8080":               host,
	}
	for in, words := range bad {
		got, err := ParseRoot(in)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("ParseRoot(%q) = %v, %v; want that it %s", in, got, err, words)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseRoot(%q) shows the secret in it: %v", in, err)
		}
	}
}

func TestCloudAt(t *testing.T) {
	for text, want := range map[string]string{
		"https://graph.microsoft.com":        "global",
		"https://Graph.Microsoft.com:443/":   "global",
		"https://dod-graph.microsoft.us":     "dod",
		"https://graph.microsoft.com:8443":   "",
		"https://graph.microsoft.com/proxy":  "",
		"https://graph.microsoft.com.evil.x": "",
		"http://127.0.0.1:80":                "",
	} {
		root, err := ParseRoot(text)
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := CloudAt(root); c.Name != want || ok != (want != "") {
			t.Errorf("%s is the cloud %q (%v), want %q", text, c.Name, ok, want)
		}
	}
}

func TestClouds(t *testing.T) {
	want := map[string]Cloud{
		"global": {"global", "https://graph.microsoft.com", "https://login.microsoftonline.com"},
		"USGov":  {"usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us"},
		"dod":    {"dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"},
		"CHINA":  {"china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"},
	}
	for name, cloud := range want {
		if got, err := FindCloud(name); err != nil || got != cloud {
			t.Errorf("FindCloud(%q) = %+v, %v", name, got, err)
		}
	}
	if all := Clouds(); len(all) != len(want) || all[0].Name != "global" {
		t.Errorf("%d clouds, the first %q; want %d and global", len(all), all[0].Name, len(want))
	}
	for _, name := range []string{"", "german", "global "} {
		_, err := FindCloud(name)
		if err == nil || !strings.Contains(err.Error(), "(global, usgov, dod, china)") {
			t.Errorf("FindCloud(%q): error %v; want one that lists the clouds", name, err)
		}
	}
	for _, c := range Clouds() {
		for _, u := range []string{c.Graph, c.Login} {
			if got, err := ParseRoot(u); err != nil || got.String() != u {
				t.Errorf("%s: ParseRoot(%q) = %v, %v", c.Name, u, got, err)
			}
		}
	}
}
