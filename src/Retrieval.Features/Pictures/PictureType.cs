namespace Retrieval.Features.Pictures;

/// <summary>The media types that pictures have, told by the first bytes of a file and not by its name.</summary>
public static class PictureType
{
    /// <summary>How many bytes tell.</summary>
    public const int Bytes = 12;

    /// <summary>The names that files of these types end with.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".jpg", ".jpeg", ".png", ".webp", ".gif"];

    /// <summary>The media type; null for what is none of them. SVG is none: it may hold a script.</summary>
    /// <param name="start">The first <see cref="Bytes"/> of the file, or all of a shorter one.</param>
    public static string? Of(ReadOnlySpan<byte> start) =>
        start is [0xFF, 0xD8, 0xFF, ..] ? "image/jpeg"
        : start is [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] ? "image/png"
        : start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8) ? "image/gif"
        : start is [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P'] ? "image/webp"
        : null;
}
