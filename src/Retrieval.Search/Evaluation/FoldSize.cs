using Retrieval.Domain.Errors;

namespace Retrieval.Search.Evaluation;

/// <summary>Folds have equally many images: a mean over folds of different sizes would be comparable to nothing.</summary>
public static class FoldSize
{
    /// <summary>Requires that a number of images can be cut into folds.</summary>
    /// <param name="images">The images.</param>
    /// <param name="folds">The folds.</param>
    /// <param name="name">What the images are of, for the error.</param>
    /// <exception cref="InvalidInputException">The images cannot be divided evenly.</exception>
    public static void Require(long images, int folds, string name)
    {
        if (images == 0 || images % folds != 0)
        {
            throw new InvalidInputException($"{images} images cannot be cut into {folds} folds of equal size; expected a number that divides them", name, field: "folds");
        }
    }
}
