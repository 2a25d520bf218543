namespace Retrieval.Server.OpenApi;

/// <summary>Documents a parameter of the query as a whole number. The operation reads it as a text, so that the error can say what was expected.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Least">The least that is taken.</param>
/// <param name="Most">The most.</param>
internal sealed record WholeParameter(string Name, int Least, int Most);
