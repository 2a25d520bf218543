using Microsoft.AspNetCore.Http;
using Retrieval.Server.Access.Keys;

namespace Retrieval.Server.Access;

/// <summary>Who sends a request. A feature of it from the moment that its key or token was accepted.</summary>
/// <param name="Kind">How the caller is known.</param>
/// <param name="Name">The key's name, or the name in the token, see <see cref="Logging.LogText.Name"/>: another for each caller; <c>anyone</c> for a server without keys.</param>
/// <param name="Key">The key, if it is one.</param>
internal sealed record Caller(CallerKind Kind, string Name, AccessKey? Key = null)
{
    /// <summary>Everybody, where there are no keys.</summary>
    public static Caller Anyone { get; } = new(CallerKind.Anyone, "anyone");

    /// <summary>The caller as logs and limits name it: a key and a token may have the same name.</summary>
    public string Label { get; } = Kind == CallerKind.Token ? $"token:{Name}" : Name;

    /// <summary>Why it has no role at all; null if it has one.</summary>
    public string? WithoutRoles { get; init; }

    /// <summary>The caller of a request; null before it is known.</summary>
    public static Caller? Of(HttpContext context) => context.Features.Get<Caller>();
}

/// <summary>How a caller is known.</summary>
internal enum CallerKind
{
    /// <summary>Not at all: the server has no keys.</summary>
    Anyone,

    /// <summary>By a key of the file.</summary>
    Key,

    /// <summary>By a token of the identity provider.</summary>
    Token,
}
