using Retrieval.Domain.Errors;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Queries;

/// <summary>Lets out nothing that was computed from memory that no longer exists, whether a result or an error that it caused.</summary>
internal static class Soundly
{
    /// <exception cref="IndexCorruptException">A file of the index was truncated while it was read.</exception>
    public static async Task<T> RunAsync<T>(LocalIndex index, Func<Task<T>> compute)
    {
        try
        {
            var result = await compute().ConfigureAwait(false);
            index.RequireSound();
            return result;
        }
        catch (Exception exception) when (IsOfDamage(exception, index))
        {
            throw index.FindDamage()!;
        }
    }

    /// <inheritdoc cref="RunAsync"/>
    public static T Run<T>(LocalIndex index, Func<T> compute)
    {
        try
        {
            var result = compute();
            index.RequireSound();
            return result;
        }
        catch (Exception exception) when (IsOfDamage(exception, index))
        {
            throw index.FindDamage()!;
        }
    }

    private static bool IsOfDamage(Exception exception, LocalIndex index) =>
        exception is not (IndexCorruptException or OperationCanceledException or InvalidInputException) && index.FindDamage() is not null;
}
