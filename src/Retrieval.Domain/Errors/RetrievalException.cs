namespace Retrieval.Domain.Errors;

/// <summary>
/// Base of every error that this product raises on purpose. The message is written for the person who has to fix the cause: it
/// names what was wrong, where, and what was expected. Any other exception is a defect.
/// </summary>
public abstract class RetrievalException : Exception
{
    /// <summary>Creates the error with a message for a person.</summary>
    protected RetrievalException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
