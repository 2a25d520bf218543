namespace Retrieval.Server.Configuration;

/// <summary>Checks the sections about keys and tokens. The file of keys itself is read when the server is built.</summary>
internal static class AccessOptionsValidator
{
    public static void Validate(ServerOptions options, List<string> faults)
    {
        var consent = options.Access.WithoutKeys;
        if (consent is not ("" or AccessOptions.Consent))
        {
            faults.Add($"Access:WithoutKeys is '{consent}'; expected '{AccessOptions.Consent}' or nothing");
        }
        else if (options.AsksForKeys && consent.Length > 0)
        {
            faults.Add("Access:WithoutKeys is set, and so are keys or tokens (Access:KeyFile, Jwt:KeySet); expected one of both");
        }
        else if (!options.AsksForKeys && consent.Length == 0 && ListenAddress.Split(options.Http.Urls).FirstOrDefault(url => ListenAddress.Fault(url) is null && !ListenAddress.IsLoopback(url)) is { } open)
        {
            faults.Add($"Http:Urls holds '{open}', which others can reach, and no key is asked for; expected Access:KeyFile (--key-file, see 'retrieval keys new') or Jwt:KeySet, or --Access:WithoutKeys={AccessOptions.Consent}");
        }

        Tokens(options.Jwt, faults);
        Ranges.Check(faults, "Callers", options.Callers);
        if (!options.AsksForKeys && (options.Callers.RequestsPerSecond > 0 || options.Callers.PairsPerSecond > 0))
        {
            faults.Add("Callers has limits of callers, and no key is asked for: nobody knows whose request is whose; expected Access:KeyFile or Jwt:KeySet too");
        }
    }

    private static void Tokens(JwtOptions jwt, List<string> faults)
    {
        Ranges.Check(faults, "Jwt", jwt);
        if (!jwt.IsSet)
        {
            foreach (var (key, value) in new[] { ("Jwt:Issuer", jwt.Issuer), ("Jwt:Audience", jwt.Audience) }.Where(pair => pair.Item2.Length > 0))
            {
                faults.Add($"{key} is '{value}' and Jwt:KeySet is not set; without the issuer's public keys no token is accepted");
            }

            return;
        }

        Required(faults, "Jwt:Issuer", jwt.Issuer);
        Required(faults, "Jwt:Audience", jwt.Audience);
        Required(faults, "Jwt:RolesClaim", jwt.RolesClaim);
        Required(faults, "Jwt:NameClaim", jwt.NameClaim);
        if (jwt.IsAddress)
        {
            var address = new Uri(jwt.KeySet);
            if (address.UserInfo.Length > 0 || (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback))
            {
                // It may contain a password, so it is not repeated.
                faults.Add("Jwt:KeySet is not an address to trust; expected an https address without a user, or http of this machine");
            }
        }
        else if (!Path.IsPathFullyQualified(jwt.KeySet))
        {
            faults.Add($"Jwt:KeySet is '{jwt.KeySet}'; expected an https address or the full path of a file");
        }
        else if (!File.Exists(jwt.KeySet))
        {
            faults.Add($"Jwt:KeySet is '{jwt.KeySet}'; there is no such file");
        }
    }

    private static void Required(List<string> faults, string key, string value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            faults.Add($"{key} is not set; expected a value beside Jwt:KeySet");
        }
    }
}
