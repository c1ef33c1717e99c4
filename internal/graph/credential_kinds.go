package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// build makes azidentity's credential of the kind. Environment, default and managed-identity take their settings from the
// process's environment: azidentity offers no other way.
func (in SignIn) build(client *http.Client) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: in.issuer()},
		Transport: client,
	}
	// An issuer that Microsoft does not list is not to be looked up with Microsoft.
	unlisted := in.Authority != "" && LoginCloud(in.Authority) == ""
	switch in.Kind {
	case SignInDefault:
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: unlisted, TenantID: in.TenantID,
		})
	case SignInEnvironment:
		return azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: unlisted,
		})
	case SignInSecret:
		return azidentity.NewClientSecretCredential(in.TenantID, in.ClientID, in.Secret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: unlisted,
		})
	case SignInCertificate:
		return in.certificate(options, unlisted)
	case SignInManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if in.ClientID != "" {
			o.ID = azidentity.ClientID(in.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(o)
	case SignInWorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: unlisted,
			TenantID: in.TenantID, ClientID: in.ClientID, TokenFilePath: in.FederatedTokenFile,
		})
	case SignInAzureCLI:
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: in.TenantID})
	case SignInDeviceCode:
		return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: unlisted, TenantID: in.TenantID, ClientID: in.ClientID,
			UserPrompt: func(ctx context.Context, m azidentity.DeviceCodeMessage) error { return in.Prompt(ctx, m.Message) },
		})
	case SignInInteractive:
		return azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: unlisted, TenantID: in.TenantID, ClientID: in.ClientID,
		})
	case SignInToken:
		return sourced(in.Source), nil
	}
	return nil, fmt.Errorf("it is none of the ways to sign in (%s)", kindWords())
}

func (in SignIn) certificate(options azcore.ClientOptions, unlisted bool) (azcore.TokenCredential, error) {
	certs, key, err := azidentity.ParseCertificates(in.Certificate, []byte(in.CertificatePassword))
	if err != nil {
		return nil, fmt.Errorf("the certificate %q cannot be used: %w; it must be a PEM file with certificate and unencrypted key, or a PKCS #12 "+
			"file whose password is in AZURE_CLIENT_CERTIFICATE_PASSWORD (openssl pkcs12 -nodes -in FILE.pfx -out FILE.pem makes the former of the latter)", in.CertificateName, err)
	}
	return azidentity.NewClientCertificateCredential(in.TenantID, in.ClientID, certs, key, &azidentity.ClientCertificateCredentialOptions{
		ClientOptions: options, DisableInstanceDiscovery: unlisted, SendCertificateChain: true, // which trust by subject and issuer needs
	})
}

// ParseSignIn reads a way to sign in, without regard to case.
func ParseSignIn(s string) (SignInKind, error) {
	if kind := SignInKind(strings.ToLower(s)); slices.Contains(SignInKinds(), kind) {
		return kind, nil
	}
	return "", fmt.Errorf("%q is none of %s", s, kindWords())
}

func kindWords() string {
	var words []string
	for _, k := range SignInKinds() {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

// LoginCloud is the name of the first cloud whose sign-in authority this is, or "" if it is of none.
func LoginCloud(authority string) string {
	for _, c := range Clouds() {
		if SameLogin(authority, c) {
			return c.Name
		}
	}
	return ""
}

// SameLogin reports whether the authority is the cloud's. Two clouds can share one.
func SameLogin(authority string, c Cloud) bool {
	return strings.EqualFold(strings.TrimRight(authority, "/"), c.Login)
}

// IsLoopback reports whether an address is on this machine.
func IsLoopback(u *url.URL) bool { return isLoopback(u.Hostname()) }

// sourced is a token that is obtained elsewhere, and says itself when it ends.
type sourced func(context.Context) (string, error)

// unknownLife is how long an opaque token is used before its source is asked again.
const unknownLife = 10 * time.Minute

// GetToken implements azcore.TokenCredential.
func (s sourced) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := s(ctx)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	until, now := Identify(token).Expires, time.Now()
	if until.IsZero() {
		until = now.Add(unknownLife)
	}
	if !until.After(now) {
		return azcore.AccessToken{}, errors.New("the access token expired at " + until.Format(time.RFC3339) + "; get a new one")
	}
	return azcore.AccessToken{Token: token, ExpiresOn: until}, nil
}
