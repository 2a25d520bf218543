using Retrieval.Domain.Errors;

namespace Retrieval.Search.Evaluation;

/// <summary>Folds have equally many images: a mean over folds of different sizes would be comparable to nothing.</summary>
internal static class FoldSize
{
    /// <exception cref="InvalidInputException">The images cannot be divided evenly.</exception>
    public static void Require(long images, int folds, string name)
    {
        if (images == 0 || images % folds != 0)
        {
            throw new InvalidInputException($"{images} images cannot be cut into {folds} folds of equal size; expected a number that divides them", name, field: "folds");
        }
    }
}
