namespace Retrieval.Domain.Errors;

/// <summary>
/// Base of every error this product raises on purpose. Its message is written for the person who has to mend the
/// cause: it names what was wrong, where, and what was expected. Anything else that is thrown is a defect.
/// </summary>
public abstract class RetrievalException : Exception
{
    /// <summary>Creates the error with a message for a person.</summary>
    protected RetrievalException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
