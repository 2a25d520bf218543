using Retrieval.Domain.Errors;

namespace Retrieval.Features.Files;

/// <summary>Opens files that a person names. Only regular, non-empty files are accepted.</summary>
public static class InputFile
{
    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="bufferSize">Bytes buffered by the stream; 0 for none.</param>
    /// <exception cref="InvalidInputException">The file is missing, empty, not a regular file, or may not be read.</exception>
    public static FileStream OpenRead(string path, int bufferSize = 0)
    {
        _ = Find(path);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or FileNotFoundException)
        {
            throw new InvalidInputException($"cannot be opened: {e.Message}", Path.GetFileName(path), innerException: e);
        }
    }

    /// <summary>Size and times of a file; for a link, those of its target.</summary>
    /// <exception cref="InvalidInputException">The file is missing, empty or not a regular file.</exception>
    public static FileInfo Find(string path)
    {
        try
        {
            var file = new FileInfo(path);
            file = (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;

            // Pipes and devices have no length. Opening a pipe would wait for a writer forever.
            return file is { Exists: true, Length: > 0 }
                ? file
                : throw new InvalidInputException("no such file, an empty one or none of the regular kind", Path.GetFileName(path));
        }
        catch (IOException e)
        {
            // Missing, or circular links.
            throw new InvalidInputException($"cannot be found: {e.Message}", Path.GetFileName(path), innerException: e);
        }
    }
}
