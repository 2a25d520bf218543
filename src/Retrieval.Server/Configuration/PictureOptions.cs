namespace Retrieval.Server.Configuration;

/// <summary>Where the pictures of images are, for people to look at; at most one of both.</summary>
public sealed record PictureOptions
{
    /// <summary>What stands in <see cref="UrlTemplate"/> for the id.</summary>
    public const string Placeholder = "{id}";

    /// <summary>A folder with a file for each id: the id, or the id with <c>.jpg</c>, <c>.jpeg</c>, <c>.png</c>, <c>.webp</c> or <c>.gif</c>. Empty for none.</summary>
    public string Folder { get; init; } = "";

    /// <summary>Address of a picture elsewhere, with <c>{id}</c> for the percent-encoded id. Empty for none.</summary>
    public string UrlTemplate { get; init; } = "";

    /// <summary>Whether there are pictures.</summary>
    internal bool Any => Folder.Length > 0 || UrlTemplate.Length > 0;

    /// <summary>Scheme, host and port of <see cref="UrlTemplate"/>; null if there is none.</summary>
    internal string? Origin => UrlTemplate.Length > 0 && IsTemplate(UrlTemplate) ? new Uri(UrlTemplate.Replace(Placeholder, "id", StringComparison.Ordinal)).GetLeftPart(UriPartial.Authority) : null;

    /// <summary>Whether a template is an address with the placeholder behind its host, and without a user.</summary>
    internal static bool IsTemplate(string template) =>
        Uri.TryCreate(template.Replace(Placeholder, "id", StringComparison.Ordinal), UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp) && uri.UserInfo.Length == 0
        && uri.GetLeftPart(UriPartial.Authority) is { } origin && template.StartsWith(origin + "/", StringComparison.OrdinalIgnoreCase)
        && template[origin.Length..].Contains(Placeholder, StringComparison.Ordinal);
}
