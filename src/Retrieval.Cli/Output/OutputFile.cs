using Retrieval.Domain.Errors;

namespace Retrieval.Cli.Output;

/// <summary>A file that a command will write.</summary>
internal static class OutputFile
{
    /// <summary>Requires that it can be there. Checked before the work, not after it.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="InvalidInputException">It is a folder, or its folder is missing.</exception>
    public static void Require(string path, string option)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidInputException($"{path} is a folder; expected a file to write", field: option);
        }

        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
        {
            throw new InvalidInputException($"there is no folder {folder}", field: option);
        }
    }

    /// <summary>Writes it, whole or not at all.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            File.WriteAllBytes(part, bytes);
            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }
}
