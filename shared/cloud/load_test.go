package cloud

import "testing"

// TestLoad: what Lambda sets is all there is, and what it did not set is told at start.
func TestLoad(t *testing.T) {
	env := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "token"}
	get := func(name string) string { return env[name] }
	cfg, err := Load(get, Work)
	if err != nil || cfg.Region != "eu-west-1" || cfg.BaseEndpoint != nil || cfg.Retryer == nil {
		t.Fatalf("Load gives %+v, %v", cfg, err)
	}
	key, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil || key.AccessKeyID != "id" || key.SecretAccessKey != "secret" || key.SessionToken != "token" {
		t.Errorf("the credentials are %v", err)
	}
	env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:4566"
	if cfg, err = Load(get, Work); err != nil || *cfg.BaseEndpoint != env["AWS_ENDPOINT_URL"] {
		t.Errorf("the endpoint is not taken: %v", err)
	}
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		value := env[name]
		delete(env, name)
		if _, err := Load(get, Work); err == nil {
			t.Errorf("no error without %s", name)
		}
		env[name] = value
	}
}
