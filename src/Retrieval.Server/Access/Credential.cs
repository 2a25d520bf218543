using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Retrieval.Server.Access.Keys;
using Retrieval.Server.Access.Tokens;

namespace Retrieval.Server.Access;

/// <summary>The key or token that a request presents: the only place that reads it.</summary>
/// <param name="Text">It; empty if there is none.</param>
/// <param name="Fault">Why what is presented cannot be used; null if it can.</param>
internal readonly record struct Credential(string Text, string? Fault = null)
{
    /// <summary>The header for keys.</summary>
    public const string Header = "X-Api-Key";

    private const string Scheme = "Bearer ";

    private static readonly HashSet<string> KeyParameters = new(StringComparer.OrdinalIgnoreCase)
    {
        "key", "apikey", "api_key", "api-key", "x-api-key", "access_token", "token", "bearer", "authorization",
    };

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => Text.Length == 0 && Fault is null;

    /// <summary>Whether it has the form of a key of this service. Otherwise it may be a token.</summary>
    public bool IsKey => Text.StartsWith(KeyText.Prefix, StringComparison.Ordinal);

    /// <summary>Whether the query string has a key in it: proxies and browsers keep addresses in logs and histories.</summary>
    public static bool IsInQuery(HttpRequest request) =>
        request.QueryString.HasValue && request.Query.Any(parameter => KeyParameters.Contains(parameter.Key) || KeyText.IsIn(parameter.Key) || parameter.Value.Any(KeyText.IsIn));

    /// <summary>Reads the headers.</summary>
    public static Credential Of(HttpRequest request)
    {
        var key = request.Headers[Header];
        var authorization = request.Headers.Authorization;
        var token = authorization.Where(value => value?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true).ToList();
        return (key.Count, token.Count) switch
        {
            (0, 0) => new Credential("", StringValues.IsNullOrEmpty(authorization) ? null : $"the Authorization header is not of the scheme Bearer; expected 'Bearer' and a key, or the key in {Header}"),
            (1, 0) when TokenForm.IsMeant(key[0]!.Trim()) => new Credential("", $"{Header} holds a token; expected a key in it, and a token as Authorization: Bearer"),
            (1, 0) => new Credential(key[0]!.Trim()),
            (0, 1) => new Credential(token[0]![Scheme.Length..].Trim()),
            _ => new Credential("", $"more than one key is presented; expected one, in {Header} or as Authorization: Bearer"),
        };
    }
}
