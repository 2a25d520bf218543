using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Writing;

/// <summary>
/// Ends a writer at its first failure. After a failed write the files hold an unknown part of it, and after a failed flush the
/// system may have dropped pages it never wrote: only what was committed before is certain, so nothing more is written.
/// </summary>
/// <param name="path">The index's folder.</param>
/// <param name="generation">Gives the generation of the last commit.</param>
internal sealed class WriteGuard(string path, Func<long> generation)
{
    private Exception? _failure;

    /// <exception cref="IndexWriteException">A write has failed before.</exception>
    public void Require()
    {
        if (_failure is not null)
        {
            throw Failed(_failure);
        }
    }

    /// <summary>Writes.</summary>
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

    /// <summary>The failure in this product's words.</summary>
    public IndexWriteException Failed(Exception cause) => new(path, generation(), DiskFile.IsFull(cause), cause);
}
