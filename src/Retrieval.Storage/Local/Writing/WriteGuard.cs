using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Writing;

/// <summary>
/// Stops a writer at its first failure. After a failed write the files hold an unknown part of it. After a failed flush the
/// system may have dropped pages that it never wrote. Only earlier commits are certain, so nothing more is written.
/// </summary>
/// <param name="path">The index's folder.</param>
/// <param name="generation">Gives the generation of the last commit.</param>
internal sealed class WriteGuard(string path, Func<long> generation)
{
    private Exception? _failure;

    /// <exception cref="IndexWriteException">An earlier write failed.</exception>
    public void Require()
    {
        if (_failure is not null)
        {
            throw Failed(_failure);
        }
    }

    /// <summary>Runs a write.</summary>
    /// <exception cref="IndexWriteException">Writing failed.</exception>
    public void Run(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failure = e;
            throw Failed(e);
        }
        catch (Exception e)
        {
            _failure = e;
            throw;
        }
    }

    /// <summary>The failure in this product's terms.</summary>
    public IndexWriteException Failed(Exception cause) => new(path, generation(), DiskFile.IsFull(cause), cause);
}
