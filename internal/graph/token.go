package graph

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
)

// Credential yields access tokens. It must be safe for concurrent use.
type Credential interface {
	// Token returns an access token; fresh asks for one that is not the one returned before.
	Token(ctx context.Context, fresh bool) (string, error)
}

// StaticToken is the credential of --auth token: one token, obtained elsewhere.
type StaticToken string

// Token returns the token. There is no fresher one to be had.
func (t StaticToken) Token(_ context.Context, fresh bool) (string, error) {
	if fresh {
		return "", errors.New("the access token was refused, and --auth token has no way to get another; put a new one into TASKRECON_ACCESS_TOKEN")
	}
	return string(t), nil
}

// Identity is what an access token says of itself. The token is not verified: this is for records, not for decisions.
// What a token does not say is empty.
type Identity struct {
	Tenant   string    // tenant id
	Actor    string    // the user, else the application, in whose name calls are made
	App      string    // the application's client id
	AppName  string    // the application's display name
	Object   string    // object id: the user's, or the service principal's if AppOnly
	UserName string    // the user's sign-in name
	AppOnly  bool      // an application by itself, no user behind it
	Audience string    // whom the token is for; of several, the first
	Roles    []string  // application permissions, sorted
	Scopes   []string  // delegated permissions, sorted
	Expires  time.Time // UTC, whole seconds
	TokenID  string    // the token's id in the tenant's sign-in log
}

// claims are those of an Entra access token, of version 1 and 2. Each is read by itself, so that one of a strange
// type does not take the others away.
type claims map[string]json.RawMessage

// Identify reads the claims of a JWT; of an opaque token it knows nothing, and says so by empty fields.
func Identify(token string) Identity {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Identity{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return Identity{}
	}
	var c claims
	if json.Unmarshal(payload, &c) != nil {
		return Identity{}
	}
	id := Identity{
		Tenant: c.text("tid"), App: cmp.Or(c.text("appid"), c.text("azp")), AppName: c.text("app_displayname"),
		Object: c.text("oid"), UserName: cmp.Or(c.text("upn"), c.text("preferred_username")),
		Roles: c.list("roles"), Expires: c.instant("exp"), TokenID: c.text("uti"),
	}
	if audience := c.list("aud"); len(audience) > 0 {
		id.Audience = audience[0]
	}
	if scopes := c.text("scp"); scopes != "" {
		id.Scopes = strings.Fields(scopes)
	}
	slices.Sort(id.Roles)
	slices.Sort(id.Scopes)
	id.AppOnly = c.text("idtyp") == "app" || len(id.Roles) > 0 && len(id.Scopes) == 0
	switch {
	case id.UserName != "":
		id.Actor = id.UserName
	case id.AppName != "" && id.App != "":
		id.Actor = id.AppName + " (" + id.App + ")"
	default:
		id.Actor = cmp.Or(id.App, id.AppName)
	}
	return id
}

func (c claims) text(name string) string {
	var s string
	if json.Unmarshal(c[name], &s) != nil {
		return ""
	}
	return s
}

// list reads a claim that is one string or several.
func (c claims) list(name string) []string {
	if s := c.text(name); s != "" {
		return []string{s}
	}
	var l []string
	if json.Unmarshal(c[name], &l) != nil {
		return nil
	}
	return l
}

func (c claims) instant(name string) time.Time {
	var seconds float64
	if json.Unmarshal(c[name], &seconds) != nil || seconds <= 0 || seconds > math.MaxInt32*16 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
