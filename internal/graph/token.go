package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
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
type Identity struct {
	Tenant string // tenant id
	Actor  string // the user, else the application, in whose name calls are made
}

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
	var c struct {
		Tenant  string `json:"tid"`
		User    string `json:"upn"`
		Email   string `json:"preferred_username"`
		AppName string `json:"app_displayname"`
		App     string `json:"appid"`
	}
	if json.Unmarshal(payload, &c) != nil {
		return Identity{}
	}
	id := Identity{Tenant: c.Tenant}
	switch {
	case c.User != "":
		id.Actor = c.User
	case c.Email != "":
		id.Actor = c.Email
	case c.AppName != "" && c.App != "":
		id.Actor = c.AppName + " (" + c.App + ")"
	default:
		id.Actor = or(c.App, c.AppName)
	}
	return id
}
