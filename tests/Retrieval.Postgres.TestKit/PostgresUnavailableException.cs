using Xunit;

namespace Retrieval.Postgres.TestKit;

/// <summary>There is no PostgreSQL to test with, or it did not do what it was asked to.</summary>
public sealed class PostgresUnavailableException(string message) : Exception(message)
{
    /// <summary>Skips the running test with the reason; in CI (<c>CI=true</c>) nothing may be skipped, and the test fails.</summary>
    internal static async Task<T> SkipIfThrown<T>(Func<Task<T>> get)
    {
        try
        {
            return await get();
        }
        catch (PostgresUnavailableException e) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip($"PostgreSQL with pgvector is not to be had: {e.Message}");
            throw;
        }
    }
}
